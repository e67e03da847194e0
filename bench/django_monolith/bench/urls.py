"""The URLs, below /bench/ on both sides."""

from django.urls import path

from web.bench import views

urlpatterns = [
    path("hello", views.hello),
    path("things/<int:number>", views.thing),
]
