package childproc

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// CacheDir is where downloads are kept between runs: millrace/ in the user's
// cache folder, and /var/cache/millrace for root on Linux, because a server
// that runs as somebody else cannot read below root's home. The folder exists
// on return.
func CacheDir() (string, error) {
	dir := "/var/cache/millrace"
	if os.Geteuid() != 0 || runtime.GOOS != "linux" {
		base, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("find the cache folder: %w", err)
		}
		dir = filepath.Join(base, "millrace")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", fmt.Errorf("create the cache folder: %w", err)
	}
	return dir, nil
}
