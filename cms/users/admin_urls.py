"""What stands before Wagtail's own addresses under /admin/."""

from django.urls import path
from wagtail.admin.auth import require_admin_access

from cms.users.account import StaffAccountView
from cms.users.gate import admin_login

urlpatterns = [
    path("login/", admin_login, name="admin_login"),
    path("account/", require_admin_access(StaffAccountView.as_view()), name="admin_account"),
]
