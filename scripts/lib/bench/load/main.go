// Command load is both ends of the bench: the simulated upstream, and the clients that read through a
// gateway. One process is one end, so that the CPU time of each can be told apart.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: load upstream ADDRESS | load run JOB"))
	}
	switch os.Args[1] {
	case "upstream":
		fail(serveUpstream(os.Args[2]))
	case "run":
		job, err := readJob(os.Args[2])
		if err != nil {
			fail(err)
		}
		result, err := job.run()
		if err != nil {
			fail(err)
		}
		if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
			fail(err)
		}
	default:
		fail(fmt.Errorf("there is no %q", os.Args[1]))
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "load:", err)
	os.Exit(1)
}
