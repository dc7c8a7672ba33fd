import os

SECRET_KEY = "only for this example"
ROOT_URLCONF = "visits"
ALLOWED_HOSTS = ["*"]
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",  # or django.core.cache.backends.redis.RedisCache
        "LOCATION": os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0"),
    }
}
TEST_RUNNER = "runner.RespServerRunner"
