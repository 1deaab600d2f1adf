"""One flipped bit in any file: noticed, made good, or of no weight."""

import re

import numpy as np

from campaign import subjects
from campaign.acts import act, differences
from campaign.subjects import Snapshot, rng_of
from rlgen.util import sums

#: One in so many cases draws a page, which takes seconds.
PAGES = 12
#: In a page: a hash of the sums of what it shows.
_STATE = re.compile(rb"<!-- rlgen: state and SHA-256 [0-9a-f]{64} ")


def flip(data: bytes, rng) -> bytes:
    """The bytes with one bit changed."""
    changed = bytearray(data)
    changed[int(rng.integers(len(changed)))] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def cases(folder, numbers):
    """A line for each thing that a case shows and none may show."""
    watched = [_study(folder), _bundle(folder), _imported(folder), _weights(folder)]
    watched += [_cache(folder), _zip(folder)]
    shares = np.array([6, 2, 2, 1, 1, 1])
    for number in numbers:
        rng = rng_of("flips", number)
        case = watched[int(rng.choice(len(watched), p=shares / shares.sum()))]
        for line in case(number, rng):
            yield f"case {number}: {line}"


def _commands(number, store, *more):
    lines = [("check", store, "--max-gap", 9, "--json"), ("verify", store, "--json"), *more]
    if number % PAGES == 0:
        lines.append(("report", store, "-o", store.parent / "page.html", "--json"))
    return lines


def _on(folder, store, *more):
    """Cases on the files of a store, or on one that is a file itself."""
    right = {}
    whole = Snapshot(store) if store.is_dir() else None
    data = None if whole else store.read_bytes()

    def case(number, rng):
        if whole:
            names = [path for path in whole.files() if whole.bytes_of(path)]
            kinds = sorted({path.name if "runs" in path.parts else path.parts[0] for path in names})
            kind = kinds[int(rng.integers(len(kinds)))]
            alike = [path for path in names if kind in (path.name, path.parts[0])]
            name = alike[int(rng.integers(len(alike)))]
            (store / name).write_bytes(flip(whole.bytes_of(name), rng))
        else:
            name = store.name
            store.write_bytes(flip(data, rng))
        named = False
        for words in _commands(number, store, *more):
            if words not in right:
                if whole:
                    kept = (store / name).read_bytes()
                    whole.restore()
                else:
                    kept = store.read_bytes()
                    store.write_bytes(data)
                right[words] = act(*words)
                (store / name if whole else store).write_bytes(kept)
            done = act(*words)
            named = named or (words[0] == "verify" and done.code == 1)
            for wrong in differences(done, right[words]):
                yield f"{name}: {' '.join(map(str, words))}: {wrong}"
            if whole and words[0] == "evaluate" and done.code == 0:
                pages = (store / "report.html").read_bytes(), whole.bytes_of("report.html")
                if name.name == sums.NAME and named:
                    # The page says of which sums it is, and is written anew where one has changed.
                    pages = tuple(_STATE.sub(b"", page) for page in pages)
                if pages[0] != pages[1] and name.name != "traceback.txt":
                    yield f"{name}: the page is another after {words[0]}"
        if whole:
            left = [path for path in whole.restore() if not path.startswith("failures")]
            if left:
                yield f"{name}: files are left over: {left}"
        else:
            store.write_bytes(data)

    return case


def _study(folder):
    store = subjects.study(folder)
    again = ("evaluate", folder / "study.toml", "-o", store, "--quiet")
    return _on(folder, store, again, ("audit", store, "--json"), ("power", "--store", store))


def _bundle(folder):
    file = subjects.bundle(folder)
    return _on(folder, file, ("power", "--store", file))


def _imported(folder):
    return _on(folder, subjects.imported(folder))


def _weights(folder):
    """Of a run's weights and their description: loading them is an error, or nothing changed."""
    from rlgen.errors import RlgenError
    from rlgen.policies import checkpoint

    store = subjects.study(folder)
    run = min((store / "runs").iterdir())
    right = checkpoint.load(run)

    def case(number, rng):
        path = run / ("agent.json" if number % 4 == 0 else checkpoint.WEIGHTS)
        data = path.read_bytes()
        path.write_bytes(flip(data, rng))
        try:
            now = checkpoint.load(run)
            for part, module in right.parts.items():
                for name, tensor in module.state_dict().items():
                    if not (now.parts[part].state_dict()[name] == tensor).all():
                        yield f"{path.name}: other weights without a word"
        except RlgenError:
            pass
        except Exception as error:
            yield f"{path.name}: raised {error!r}"
        path.write_bytes(data)

    return case


def _cache(folder):
    """Of the cache of reference returns: what is damaged is computed anew."""
    from rlgen.evaluation import reference
    from rlgen.perturbations.condition import Condition
    from rlgen_envs import FAMILIES

    family = FAMILIES["maze-basic"].configure({"size": 5})
    levels, conditions = family.generate(range(5)), [Condition.parse("plain")]
    cache = folder / "reference"
    right = reference.returns(family, levels, conditions, cache)
    (file,) = cache.iterdir()
    data = file.read_bytes()

    def case(number, rng):
        file.write_bytes(flip(data, rng))
        now = reference.returns(family, levels, conditions, cache)
        for name, pair in right.items():
            if not all((a == b).all() for a, b in zip(pair, now[name], strict=True)):
                yield "the cache of reference returns: other numbers without a word"
        if file.read_bytes() != data:
            yield "the cache of reference returns: is not made good"

    return case


def _zip(folder):
    """Of a policy's zip: loading it is an error, or the policy plays as it did."""
    from rlgen.errors import RlgenError
    from rlgen.levels import lookup
    from rlgen.policies import loading

    file = subjects.policy(folder)
    data = file.read_bytes()
    family = lookup.family("CartPole-v1")
    observations = np.random.Generator(np.random.PCG64(0)).normal(size=(16, 4)).astype(np.float32)

    def probabilities():
        policy = loading.load(str(file), family)
        return policy.distribution(observations, policy.start(16))[0]

    right = probabilities()

    def case(number, rng):
        file.write_bytes(flip(data, rng))
        try:
            if not np.array_equal(probabilities(), right):
                yield "the policy's zip: other probabilities without a word"
        except RlgenError:
            pass
        except Exception as error:
            yield f"the policy's zip: raised {error!r}"
        file.write_bytes(data)

    return case
