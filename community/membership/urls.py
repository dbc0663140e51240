from django.urls import path

from community.membership import views

app_name = "membership"
urlpatterns = [
    path("guidelines/", views.guidelines, name="guidelines"),
    path("join/", views.join_with_account, name="join"),
]
