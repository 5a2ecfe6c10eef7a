module mistral-stream/pause

go 1.26.0
