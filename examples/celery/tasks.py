from celery import shared_task


@shared_task
def add(a, b):
    return a + b


@shared_task(bind=True, max_retries=3)
def flaky(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0)
    return self.request.retries
