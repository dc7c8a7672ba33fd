package respserver

import "os"

// signalOf returns 0: there are no signals here.
func signalOf(*os.ProcessState) int { return 0 }
