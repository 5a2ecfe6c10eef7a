module mistral-stream/bench

go 1.24
