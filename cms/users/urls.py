"""/accounts/: everything about logging in is django-allauth's."""

from django.urls import include, path

urlpatterns = [path("", include("allauth.urls"))]
