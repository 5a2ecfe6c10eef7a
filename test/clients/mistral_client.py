"""`mistralai` from PyPI: one JSON request a line in, one JSON answer a line out."""

import json
import sys
import time

from mistralai.client import Mistral
from mistralai.client.errors import MistralError
from mistralai.client.utils import BackoffStrategy, RetryConfig

from told import MODEL, TOOL, new_told


def to_body(ask):
    body = {"model": ask.get("model", MODEL), "messages": [{"role": "user", "content": ask["prompt"]}]}
    if ask.get("tool"):
        body["tools"] = [TOOL]
    if ask.get("json"):
        body["response_format"] = {"type": "json_object"}
    if ask.get("headers"):
        body["http_headers"] = ask["headers"]
    if "retries" in ask:
        backoff = BackoffStrategy(initial_interval=50, max_interval=5000, exponent=1, max_elapsed_time=5000)
        body["retries"] = RetryConfig("backoff", backoff, False)
    return body


def to_call(call):
    given = call.function.arguments
    return {"name": call.function.name, "arguments": given if isinstance(given, str) else json.dumps(given)}


def read_answer(client, ask, told):
    answer = client.chat.complete(**to_body(ask))
    choice = answer.choices[0]
    told["text"] = choice.message.content or ""
    told["pieces"] = 1
    told["finish"] = choice.finish_reason
    told["tokens"] = answer.usage.completion_tokens
    told["calls"] = [to_call(call) for call in choice.message.tool_calls or []]


def read_stream(client, ask, told):
    with client.chat.stream(**to_body(ask)) as stream:
        for event in stream:
            choice = event.data.choices[0]
            if choice.delta.content:
                told["text"] += choice.delta.content
                told["pieces"] += 1
            told["calls"] += [to_call(call) for call in choice.delta.tool_calls or []]
            told["finish"] = choice.finish_reason or told["finish"]
            if event.data.usage:
                told["tokens"] = event.data.usage.completion_tokens
            if told["pieces"] == ask.get("stopAfter"):
                told["leftAt"] = time.time() * 1000
                return


def to_raised(error):
    return {
        "class": type(error).__name__,
        "status": error.status_code,
        "code": json.loads(error.body)["code"],
        "message": error.message,
        "requestId": error.headers.get("x-request-id"),
    }


def answer(ask):
    with Mistral(server_url=ask["url"], api_key=ask["key"]) as client:
        if ask.get("op") == "models":
            return [model.id for model in client.models.list().data]
        told = new_told()
        try:
            (read_stream if ask["stream"] else read_answer)(client, ask, told)
        except MistralError as error:
            told["error"] = to_raised(error)
        return told


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
