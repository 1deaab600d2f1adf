"""A paper of another distribution that trains nothing: experiments alone, with controls."""

from typing import ClassVar

from rlgen.papers import Experiment, Paper, Section


class Toy2001(Paper):
    """Says that the mean of a sample is below its margin."""

    card = "a toy of a paper with experiments"
    experiments: ClassVar = {
        "sample": Experiment(
            "the mean of a sample",
            "toy2001.sampling:sample",
            {"size": 10, "centre": 0.0, "family": "maze-basic[size=5]"},
            {"mean": "of the sample", "n": "its size", "unknown": "", "values": "all"},
            limits={"size": (2, 1000)},
            seconds=lambda options: options["size"] / 10,
        ),
        "raises": Experiment("an error", "toy2001.sampling:fail", {}, {}),
    }

    def _claim(self, margin, centre):
        from rlgen.analysis.claims import Claim, below, fact
        from rlgen.analysis.stats.intervals import run_mean

        def parts(results, margins):
            rows = results.measured("sample")
            rows = rows[rows["centre"] == centre]
            whole = fact("size", list(rows["size"] == rows["n"]), "as many as were wanted")
            return [below("mean", run_mean(rows["mean"].to_numpy(float)), *margins), whole]

        return Claim("Means are small.", "section 1", "means", {"mean": margin}, parts)

    def claims(self):
        """T-1, which holds, and T-2, which does not."""
        return {"T-1": self._claim(1.0, 0.0), "T-2": self._claim(-1.0, 0.0)}

    def controls(self):
        """One that is met, and one that is not."""
        from rlgen.analysis.claims import Control

        return {
            "K-1": Control(self._claim(6.0, 5.0), "supported"),
            "K-2": Control(self._claim(4.0, 5.0), "supported"),
        }

    def sections(self, results, summary):
        """One, of how many cells there are."""
        rows = results.measured("sample")
        yield Section("means", "Toy figure 2: means", "Counts.", html=f"<p>{len(rows)} cells</p>")


PAPER = Toy2001()
