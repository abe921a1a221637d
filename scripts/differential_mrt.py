#!/usr/bin/env python3
"""Mutates MRT records by seed and compares `peeringctl mrt dump -m` with `bgpdump -m`: one line a disagreement.

differential_mrt.py PEERINGCTL [--seed N] [--rounds N]. Where bgpdump crashes or hangs there is nothing to compare.
Where we report a record as damaged and print nothing of it, by a rule of EXPECTED, bgpdump's line is a guess: it is
counted, not shown.
"""
import argparse
import pathlib
import random
import re
import subprocess
import tempfile

import mrt_samples

# What our message says, and why bgpdump's line cannot be trusted.
EXPECTED = {
    # RFC 4271 section 6.1: Bad Message Length. bgpdump does not read the BGP header's length.
    r"BGP message: length \d+ does not fit \d+ bytes": "the BGP header's length is not that of the message",
    # RFC 6396 section 4.3.1: bgpdump fills the rows that are not there from what lies behind, and goes on with
    # them; which peer a route then has is chance.
    r"it is shorter than its list of peers": "PEER_INDEX_TABLE names more peers than it has",
    # RFC 6396 sections 4.2 and 4.3.4: the attributes end behind the record. bgpdump prints those it made up, a
    # next hop of 255.255.255.255 or a path of "! Error !".
    r"it is shorter than a prefix and its list of entries": "an entry goes beyond its record",
    r"it is shorter than an entry": "an entry goes beyond its record",
}


def expected(ours, theirs, errors):
    """Every line we print is bgpdump's too, and a rule says why the others are not ours."""
    return set(ours.splitlines()) < set(theirs.splitlines()) and any(re.search(rule, errors) for rule in EXPECTED)


def lines(command):
    try:
        done = subprocess.run(command, capture_output=True, timeout=20)
    except subprocess.TimeoutExpired:
        return None, ""
    return None if done.returncode < 0 else done.stdout, done.stderr.decode(errors="replace")


def mutated(randomness, data):
    out = bytearray(data)
    for _ in range(randomness.choice((1, 1, 1, 2, 4))):
        at = randomness.randrange(12, len(out))
        out[at] = randomness.choice((0, 1, 0xFF, out[at] ^ 1 << randomness.randrange(8), randomness.randrange(256)))
    return bytes(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("peeringctl")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=500)
    options = parser.parse_args()
    samples = list(mrt_samples.samples())
    crashes = disagreements = guesses = 0
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "mutated.mrt"
        for number in range(options.seed, options.seed + options.rounds):
            randomness = random.Random(number)
            name, data = randomness.choice(samples)
            file.write_bytes(mutated(randomness, data))
            ours, errors = lines([options.peeringctl, "mrt", "dump", "-m", file])
            theirs, _ = lines(["bgpdump", "-m", file])
            if ours is None:
                raise SystemExit(f"seed {number}: {name}: peeringctl crashed")
            if theirs is None:
                crashes += 1
            elif ours != theirs and expected(ours, theirs, errors):
                guesses += 1
            elif ours != theirs:
                disagreements += 1
                print(f"seed {number}: {name}: {ours.count(10)} and {theirs.count(10)} lines")
    print(f"{options.rounds} rounds: {disagreements} disagreements, {guesses} guesses and {crashes} crashes of bgpdump")


if __name__ == "__main__":
    main()
