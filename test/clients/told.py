"""What both Python programs share with client.ts: the tool, the model, the shape of what is told."""

MODEL = "mistral-small-latest"

TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def new_told():
    return {"text": "", "pieces": 0, "finish": None, "tokens": None, "calls": [], "leftAt": None, "error": None}
