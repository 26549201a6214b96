#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""fetch.py URL SECONDS: prints the page, trying again until it is there (status 200) or the time is over."""
import sys
import time
import urllib.error
import urllib.request

url, seconds = sys.argv[1], float(sys.argv[2])
end = time.monotonic() + seconds
while True:
    try:
        with urllib.request.urlopen(url, timeout=30) as page:
            sys.stdout.write(page.read().decode())
        break
    except urllib.error.HTTPError as error:
        problem = "%s: %s" % (error, error.read().decode(errors="replace").strip())
    except OSError as error:
        problem = str(error)
    if time.monotonic() > end:
        sys.exit("%s: %s" % (url, problem))
    time.sleep(0.1)
