#!/bin/sh
# Runs a command, shows what it says and keeps it in test-results/NAME.log; ends as the command ended. Usage: keep.sh NAME COMMAND ...
set -eu
name=$1
shift
mkdir -p test-results
log=test-results/$name.log
status=test-results/.$name.status
# A pipe ends as its last part does, which would be tee.
{
    if "$@"; then echo 0 >"$status"; else echo $? >"$status"; fi
} 2>&1 | tee "$log"
exit "$(cat "$status")"
