"""What stands before Wagtail's own addresses for readers."""

from django.urls import path

from cms.users.gate import page_login

urlpatterns = [path("_util/login/", page_login, name="page_login")]
