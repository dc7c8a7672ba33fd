package respserver

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/resp-server/resp-server/internal/config"
)

// oomFile holds the score by which Linux picks the process to kill when memory runs
// out. Other systems have no such file.
const oomFile = "/proc/self/oom_score_adj"

// oomScore is the score of the process; all its servers share it.
var oomScore struct {
	sync.Mutex
	first   int64 // before a server changed the score
	changed bool
}

// applyOOMScore applies the settings oom-score-adj and oom-score-adj-values. The
// error is that of Redis.
func (s *Server) applyOOMScore(c *config.Config) error {
	oomScore.Lock()
	defer oomScore.Unlock()
	if !oomScore.changed && c.OOMScoreAdj == "no" {
		return nil
	}
	err := func() error {
		if !oomScore.changed {
			text, err := os.ReadFile(oomFile)
			if err != nil {
				return err
			}
			if oomScore.first, err = strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err != nil {
				return err
			}
		}
		score := oomScore.first
		switch c.OOMScoreAdj {
		case "yes":
			score += c.OOMScores[0]
		case "absolute":
			score = c.OOMScores[0]
		}
		score = min(max(score, -1000), 1000)
		return os.WriteFile(oomFile, strconv.AppendInt(nil, score, 10), 0)
	}()
	if err != nil {
		s.log.Warn("Unable to write oom_score_adj", "error", err)
		return errors.New("Failed to apply new oom_score_adj configuration, check server logs.")
	}
	oomScore.changed = true
	return nil
}
