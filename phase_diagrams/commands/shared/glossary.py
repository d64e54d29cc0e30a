"""The glossary: what every symbol means, in commands, equations and texts; one table for all who ask."""

from __future__ import annotations

from phase_diagrams.commands.shared.printing import describe

__all__ = ["NOTATION", "glossary"]

NOTATION = {
    "J": "unit of energy, J = 1; temperatures are in units of it",
    "k_B": "Boltzmann's constant, k_B = 1",
    "N": "number of neurons, or visible units; theories are for N -> oo, `simulate` takes --N",
    "P": "number of patterns, or hidden units; P = alpha N at extensive load",
    "S": "a neuron, -1 or +1",
    "v": "a visible unit",
    "xi": "patterns; between layers of the functional, the covariance of the energy",
    "phi": "density of z; `pdf` in the code",
    "Phi": "probability that z is smaller than a number",
    "z": "a standard Gaussian variable",
    "Dz": "its measure, exp(-z^2/2)/sqrt(2 pi) dz",
    "H_k": "averages of powers of a ramp, int_x^oo Dz (z - x)^k",
    "W": "sum of the weights from one visible unit to the strongly active hidden units",
    "U": "potential of a unit; its weight is exp{-[U(s) - a s^2/2 - b s]/T}",
    "H": "Hamiltonian",
    "f": "free energy per neuron, f = e - T s; `free_energy` in a command",
    "e": "energy per neuron; `energy` in a command",
    "s": "entropy per neuron; `entropy` in a command; in U(s) and equations, a unit",
    "rho": "largest eigenvalue of the stability matrix of replica symmetry",
    "replicon": "1 - rho; replica symmetry is stable where it is positive",
    "chi": "mean square response of a unit to its field, in rho",
    "beta": "inverse temperature 1/T, in texts",
    "T_AT": "temperature of the line of de Almeida and Thouless, below which replica symmetry is broken",
    "T_K": "temperature of condensation, where the complexity vanishes",
}
"""What texts and equations write and no theory declares."""


def glossary() -> dict[str, list[tuple[str, str, str]]]:
    """What every symbol means, by its name: rows of theory, what it is there, and words.

    Theories declare parameters, order parameters, lines with their names in papers, and critical values; what
    only equations and texts write is notation, the same everywhere.

    Examples
    --------
    >>> [meaning for theory, *meaning in glossary()["alpha_c"] if theory == "hopfield"]
    [['critical value', 'largest load with a retrieval solution']]
    """
    from replica.theories import THEORIES

    meanings: dict[str, list[tuple[str, str, str]]] = {}
    for theory, kind in THEORIES.items():
        known = {key: ("parameter", about.text) for key, about in kind.parameters().items()}
        known |= {key: ("order parameter", text) for key, text in kind.symbols.items()}
        known |= {
            alias: (f"line, {kind.lines[key].kind}", f"{key}: {describe(kind.lines[key])}")
            for alias, key in kind.line_names.items()
        }
        known |= {key: (f"line, {line.kind}", describe(line)) for key, line in kind.lines.items()}
        if kind.critical is not None:
            known[kind.critical.symbol] = ("critical value", kind.critical.text)
        for name, (what, text) in known.items():
            meanings.setdefault(name, []).append((theory, what, text))
    for name, text in NOTATION.items():
        meanings.setdefault(name, []).append(("any", "notation", text))
    return meanings
