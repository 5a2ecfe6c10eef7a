# shellcheck shell=bash
# Sourced by scripts/test: adds up what passed, failed and was skipped, from Bun's JUnit reports.

PASSED=0 FAILED=0 SKIPPED=0 COUNTED=

count() {
  PASSED=$((PASSED + $1)) FAILED=$((FAILED + $2)) SKIPPED=$((SKIPPED + $3))
  # scripts/test prints it.
  # shellcheck disable=SC2034
  COUNTED=$(counts "$1" "$2" "$3")
}

counts() {
  printf '%d passed, %d failed' "$1" "$2"
  (($3 == 0)) || printf ', %d skipped' "$3"
}

# scripts/check counts as one test.
count_check() {
  if (($1 == 0)); then count 1 0 0; else count 0 1 0; fi
}

# A number from the first line of the report that holds the sums of the whole run.
report_number() {
  local head
  head=$(grep -m 1 '<testsuites ' "$1" 2>/dev/null) || true
  [[ $head =~ [[:space:]]$2=\"([0-9]+)\" ]] && echo "${BASH_REMATCH[1]}" || echo 0
}

# Adds one folder's report. A run that failed without a failed test crashed, hung or could not load a
# file, and a run without any test proves nothing: each counts as one failure, and says so.
count_report() {
  local report=$1 status=$2 tests failed skipped
  tests=$(report_number "$report" tests)
  failed=$(report_number "$report" failures)
  skipped=$(report_number "$report" skipped)
  local passed=$((tests - failed - skipped))
  if ((tests == 0)); then
    echo "no test ran (exit status $status)"
    failed=1 passed=0 skipped=0
  elif ((failed == 0 && status != 0)); then
    echo "every test that ran passed, but the run ended with status $status"
    failed=1
  fi
  count "$passed" "$failed" "$skipped"
}

print_counts() {
  counts "$PASSED" "$FAILED" "$SKIPPED"
  echo
  ((FAILED == 0))
}
