"""What a short simulation comes to, as JSON: its measures, and what its figures say in words."""

import json

import sim

SHORT = {"run_length": "2 days", "transient": "1 h"}


def answers():
    """Measures of two arms, of which workers are asked for, and alternative texts of figures."""
    scenario = sim.load("six-cases").with_overrides(SHORT)
    arms = ["open trust", "on network"]
    results = sim.run(scenario, arms=arms, replications=2, workers=2, progress=False)
    keys = ["arm", "replication", "phase", "by", "key", "class", "measure"]
    rows = results.measures.sort_values(keys)
    figures = [results.figures.rates(), results.figures.matrix(), results.figures.places()]
    return {
        "measures": [f"{value:.7g}" for value in rows["value"]],
        "figures": [figure._repr_html_().partition('alt="')[2][:60] for figure in figures],
    }


if __name__ == "__main__":
    print(json.dumps(answers(), default=str))
