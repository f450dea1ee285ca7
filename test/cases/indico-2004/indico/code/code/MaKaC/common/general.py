"""Settings that are decided when a release is made."""

# DEBUG_ERRORS = 2 prints the trace into the page: never in a release.
DEBUG_ERRORS = 0

# How long a page may be kept by the browser, in seconds
CACHE_SECONDS = 300
