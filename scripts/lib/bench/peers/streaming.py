"""The program that this project replaces: FastAPI, the Python SDK, one response that yields each event."""

import os

from fastapi import FastAPI
from fastapi.responses import StreamingResponse
from mistralai.client import Mistral
from pydantic import BaseModel

app = FastAPI()
client = Mistral(api_key="k1", server_url=os.environ["MISTRAL_SERVER_URL"])


class Question(BaseModel):
    q: str
    model: str
    max_tokens: int


@app.post("/stream")
async def stream(question: Question) -> StreamingResponse:
    async def events():
        answer = await client.chat.stream_async(
            model=question.model,
            messages=[{"role": "user", "content": question.q}],
            max_tokens=question.max_tokens,
        )
        async for event in answer:
            yield f"data: {event.data.model_dump_json()}\n\n"

    return StreamingResponse(events(), media_type="text/event-stream")
