"""`openai` from PyPI: one JSON request a line in, one JSON answer a line out."""

import json
import sys
import time

import openai

from told import MODEL, TOOL, new_told


def connect(ask):
    return openai.OpenAI(base_url=f"{ask['url']}/v1", api_key=ask["key"], max_retries=ask.get("retries", 0))


def to_body(ask):
    body = {"model": ask.get("model", MODEL), "messages": [{"role": "user", "content": ask["prompt"]}]}
    if ask.get("tool"):
        body["tools"] = [TOOL]
    if ask.get("json"):
        body["response_format"] = {"type": "json_object"}
    return body


def read_answer(client, ask, told):
    answer = client.chat.completions.create(**to_body(ask), extra_headers=ask.get("headers"))
    choice = answer.choices[0]
    told["text"] = choice.message.content or ""
    told["pieces"] = 1
    told["finish"] = choice.finish_reason
    told["tokens"] = answer.usage.completion_tokens
    for call in choice.message.tool_calls or []:
        told["calls"].append({"name": call.function.name, "arguments": call.function.arguments})


def read_stream(client, ask, told):
    stream = client.chat.completions.create(**to_body(ask), stream=True, extra_headers=ask.get("headers"))
    for chunk in stream:
        choice = chunk.choices[0]
        if choice.delta.content:
            told["text"] += choice.delta.content
            told["pieces"] += 1
        for call in choice.delta.tool_calls or []:
            told["calls"].append({"name": call.function.name, "arguments": call.function.arguments})
        told["finish"] = choice.finish_reason or told["finish"]
        if chunk.usage:
            told["tokens"] = chunk.usage.completion_tokens
        if told["pieces"] == ask.get("stopAfter"):
            told["leftAt"] = time.time() * 1000
            stream.close()
            return


def to_raised(error):
    body = error.body if isinstance(error.body, dict) else {}
    return {
        "class": type(error).__name__,
        "status": getattr(error, "status_code", None),
        "code": error.code,
        "message": error.message,
        "requestId": getattr(error, "request_id", None) or body.get("request_id"),
    }


def answer(ask):
    with connect(ask) as client:
        if ask.get("op") == "models":
            return [model.id for model in client.models.list().data]
        told = new_told()
        try:
            (read_stream if ask["stream"] else read_answer)(client, ask, told)
        except openai.APIError as error:
            told["error"] = to_raised(error)
        return told


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
