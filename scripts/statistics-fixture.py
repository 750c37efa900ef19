"""Makes tests/data/statistics.json: inputs of our own and what SciPy and statsmodels say of them.

    pip install scipy statsmodels
    python3 scripts/statistics-fixture.py > tests/data/statistics.json
"""
import json
import random
import sys

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests

random.seed(20261121)


def sample(n, kind):
    draw = {
        "normal": lambda: random.gauss(0.3, 1.0),
        "ties": lambda: float(random.randint(-4, 5)),
        "zeros": lambda: float(random.choice([0, 0, 1, 2, 3, -1, -2, 5])),
        "skewed": lambda: random.lognormvariate(2.0, 1.5),
        "wide": lambda: random.gauss(0, 1) * 10 ** random.randint(-9, 9),
    }[kind]
    return [draw() for _ in range(n)]


def describe(x):
    case = {"values": x, "mean": float(np.mean(x)), "median": float(np.median(x))}
    case["quantiles"] = [[p, float(np.quantile(x, p, method="linear"))] for p in (0, 0.025, 0.25, 0.5, 0.9, 0.975, 1)]
    case["geometric_mean"] = float(stats.gmean(x)) if min(x) > 0 else None
    case["fairness"] = float(sum(x) ** 2 / (len(x) * sum(v * v for v in x))) if min(x) >= 0 and max(x) > 0 else None
    if len(x) > 5:
        ci = stats.quantile_test(x, q=0, p=0.5).confidence_interval(0.95)
        case["median_interval"] = [float(ci.low), float(ci.high)]
    else:
        case["median_interval"] = None
    ecdf = stats.ecdf(x).cdf
    case["ecdf"] = [[float(q), float(p)] for q, p in zip(ecdf.quantiles, ecdf.probabilities)]
    return case


def permuted(d, zero_method):
    # All 2^n signs of the ranks at hand: what the exact distribution with ties is. (SciPy's own permutation drops zeros otherwise.)
    d = np.array(d)
    if zero_method == "wilcox":
        d = d[d != 0]
    ranks = stats.rankdata(np.abs(d))[d != 0]
    d = d[d != 0]
    mask = (np.arange(2 ** len(d))[:, None] >> np.arange(len(d))) & 1
    sums = mask @ ranks
    w = ranks[d > 0].sum()
    return float(min(1.0, 2 * min((sums <= w).mean(), (sums >= w).mean())))


def test(d):
    case = {"differences": d, "rules": {}}
    for rule in ("pratt", "wilcox"):
        differ = sum(v != 0 for v in d)
        plain = len({abs(v) for v in d if v}) == differ and (rule == "wilcox" or differ == len(d))
        if differ == 0:
            continue
        kept = [v for v in d if v] if rule == "wilcox" else d
        if differ > 50:
            p = float(stats.wilcoxon(d, zero_method=rule, correction=True, method="approx").pvalue)
        elif plain:
            p = float(stats.wilcoxon(kept, zero_method=rule, method="exact").pvalue)
        elif differ <= 20:
            p = permuted(d, rule)
        else:
            continue
        ranks = stats.rankdata(np.abs(kept))
        plus = float(sum(r for r, v in zip(ranks, kept) if v > 0))
        minus = float(sum(r for r, v in zip(ranks, kept) if v < 0))
        case["rules"][rule] = {"p": p, "plus": plus, "minus": minus, "effect": (plus - minus) / (plus + minus)}
    walsh = sorted((a + b) / 2 for i, a in enumerate(d) for b in d[i:])
    case["shift"] = float(np.median(walsh))
    return case


samples = [describe(sample(n, kind)) for kind in ("normal", "ties", "zeros", "skewed", "wide") for n in (1, 2, 5, 6, 7, 30, 101)]
tests = [test(sample(n, kind)) for kind in ("normal", "ties", "zeros", "skewed", "wide") for n in (1, 2, 6, 9, 16, 25, 26, 50, 51, 80, 200)]
families = [[random.random() ** 3 for _ in range(n)] for n in (1, 2, 5, 12)] + [[0.01, 0.01, 0.04, 0.04, 1.0, 0.0]]
corrected = [{"p": p, "holm": [float(v) for v in multipletests(p, method="holm")[1]]} for p in families]

made = f"scripts/statistics-fixture.py with SciPy {scipy.__version__}, NumPy {np.__version__}, statsmodels {statsmodels.__version__}"
json.dump({"made_by": made, "samples": samples, "tests": tests, "families": corrected}, sys.stdout, indent=None, separators=(",", ":"))
