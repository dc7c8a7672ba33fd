import os

from fastapi import FastAPI, HTTPException
from redis.asyncio import Redis

app = FastAPI()


def connect():
    return Redis.from_url(os.environ["REDIS_URL"], decode_responses=True)


@app.put("/notes/{name}")
async def write(name: str, text: str):
    async with connect() as redis:
        await redis.set(f"note:{name}", text, ex=3600)


@app.get("/notes/{name}")
async def read(name: str):
    async with connect() as redis:
        text = await redis.get(f"note:{name}")
    if text is None:
        raise HTTPException(404)
    return text
