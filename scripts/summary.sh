#!/bin/sh
# Repeats the closing lines of the test runners, from what keep.sh kept. Usage: summary.sh NAME ...
set -eu
for name in "$@"; do
    echo "== $name"
    grep -E '^ *Summary \[|^ℹ (tests|pass|fail|cancelled|skipped|todo|duration_ms) ' "test-results/$name.log"
done
