#!/usr/bin/env python3
"""Mutates MRT records by seed and compares `peeringctl mrt dump -m` with `bgpdump -m`: one line a disagreement.

differential_mrt.py PEERINGCTL [--seed N] [--rounds N]. Where bgpdump crashes or hangs there is nothing to compare.
"""
import argparse
import pathlib
import random
import subprocess
import tempfile

import mrt_samples


def lines(command):
    try:
        done = subprocess.run(command, capture_output=True, timeout=20)
    except subprocess.TimeoutExpired:
        return None
    return None if done.returncode < 0 else done.stdout


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
    crashes = disagreements = 0
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "mutated.mrt"
        for number in range(options.seed, options.seed + options.rounds):
            randomness = random.Random(number)
            name, data = randomness.choice(samples)
            file.write_bytes(mutated(randomness, data))
            ours = lines([options.peeringctl, "mrt", "dump", "-m", file])
            theirs = lines(["bgpdump", "-m", file])
            if ours is None:
                raise SystemExit(f"seed {number}: {name}: peeringctl crashed")
            if theirs is None:
                crashes += 1
            elif ours != theirs:
                disagreements += 1
                print(f"seed {number}: {name}: {ours.count(10)} and {theirs.count(10)} lines")
    print(f"{options.rounds} rounds: {disagreements} disagreements, {crashes} crashes of bgpdump")


if __name__ == "__main__":
    main()
