package respserver_test

import (
	"context"
	"fmt"
	"log"

	respserver "github.com/resp-server/resp-server"
)

func ExampleServer_Strict() {
	srv, err := respserver.Start(respserver.Options{NoListen: true})
	if err != nil {
		log.Fatal(err)
	}
	defer srv.Close()
	if err := srv.Strict("all warn", "large-reads error 2"); err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	srv.Do(ctx, "RPUSH", "list", 1, 2, 3)
	if _, err := srv.Do(ctx, "LRANGE", "list", 0, -1); err != nil {
		fmt.Println(err)
	}
	srv.Do(ctx, "RENAME", "list", "queue")
	for _, finding := range srv.StrictReport() {
		fmt.Println(finding.Rule, finding.Line, finding.Message)
	}
	// Output:
	// STRICT large-reads: 'lrange': the reply has 3 elements, more than 2
	// large-reads LRANGE list 0 -1 the reply has 3 elements, more than 2
	// cross-slot RENAME list queue "list" is in hash slot 12291, "queue" in 13011
}
