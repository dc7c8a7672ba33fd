package examples

import (
	"strings"
	"testing"

	respserver "github.com/resp-server/resp-server"
)

func TestAnswersAsBefore(t *testing.T) {
	before := respserver.StartTest(t)
	rec := before.Record()
	before.Must("SET", "visits", 41)
	before.Must("INCR", "visits")
	transcript := rec.String() // RecordOptions.To writes it to a file

	other := respserver.StartTest(t) // or any server that a dialer reaches
	result, err := respserver.Replay(t.Context(), strings.NewReader(transcript), other.Dial)
	if err != nil {
		t.Fatal(err)
	}
	for _, difference := range result.Differences {
		t.Error(difference)
	}
}
