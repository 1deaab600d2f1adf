"""A paper of another distribution, whole: what a paper can bring, as small as it gets."""

from rlgen.networks.layers import Layers
from rlgen.papers import Paper, Section

NETWORKS = {"toy-8": Layers(dense=(8,)), "toy-16": Layers(dense=(16,))}
LISTS = {"Toys": tuple(NETWORKS)}


class Toy2000(Paper):
    """Says that the held-out return is below 3, which it is, and above 3."""

    card = "a toy of a paper"
    networks = NETWORKS
    network_lists = LISTS
    record_files = ("weights.json",)

    def claims(self):
        """T-1 and T-2."""
        from rlgen.analysis.claims import Claim, above, below

        def held_out(compare):
            def parts(results, margins):
                cells = results.cells
                returns = [results.estimate(cell, "plain", "return", "test") for cell in cells]
                pairs = zip(cells, returns, strict=True)
                return [compare(cell["network"], mean, *margins) for cell, mean in pairs]

            return parts

        margins = {"held-out return": 3.0}
        return {
            "T-1": Claim("Returns are low.", "section 1", "gaps", margins, held_out(below), False),
            "T-2": Claim("Returns are high.", "section 2", "gaps", margins, held_out(above)),
        }

    def record(self, policy, split, seed):
        """How many numbers the policy has learnt."""
        count = sum(p.numel() for module in policy.parts.values() for p in module.parameters())
        return {"weights.json": [{"seed": seed, "weights": count}]}

    def sections(self, results, summary):
        """One, of the parts and of what was recorded."""
        rows = [one for run in results.recorded["weights.json"].values() for one in run]
        reading, html = f"Parts: {', '.join(results.parts)}.", f"<p>{len(rows)} runs</p>"
        yield Section("gaps", "Toy figure 1: weights", reading, html=html)


PAPER = Toy2000()
