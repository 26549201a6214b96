# SPDX-License-Identifier: Apache-2.0
# Read by every shell attack. Contract: ATTACK PID prints what it got; exit 0 stolen, 1 refused.
# What an attacker learned once stays known: the heap's place is kept in $notes for the second visit.
pid=$1
notes=/tmp/attacker
mkdir -p "$notes"

# Keeps the secret out of whatever it is buried in. Succeeds only if there is one.
secret() {
    grep -a -o -E 'sk_live_[0-9a-f]{24}' | sort -u | head -n 1 | grep .
}

# Any bytes at all, as hex. Succeeds only if there are some.
bytes() {
    od -A n -t x1 | tr -d '\n' | sed 's/^ //' | grep .
}
