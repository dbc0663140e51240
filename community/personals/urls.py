from django.urls import path

from community.personals import views

app_name = "personals"
urlpatterns = [
    path("", views.show_listings, name="list"),
    path("mine/", views.write_listing, name="write"),
    path("mine/withdraw/", views.withdraw, name="withdraw"),
    path("mine/delete/", views.delete, name="delete"),
    path("<uuid:public_id>/", views.show_listing, name="listing"),
]
