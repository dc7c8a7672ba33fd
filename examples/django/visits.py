from django.core.cache import cache
from django.http import HttpResponse
from django.urls import path


def visits(request):
    cache.add("visits", 0, timeout=None)
    return HttpResponse(cache.incr("visits"))


urlpatterns = [path("", visits)]
