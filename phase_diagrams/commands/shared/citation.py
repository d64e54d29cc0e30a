"""What to cite: the content of CITATION.cff as BibTeX, at hand in an installed package too."""

from __future__ import annotations

__all__ = ["bibtex"]

_BIBTEX = """\
@software{replica,
  author  = {{The replica authors}},
  title   = {replica: phase diagrams of disordered systems from replica theory},
  version = {%s},
  license = {MIT},
}

@article{AGS85,
  author  = {Amit, Daniel J. and Gutfreund, Hanoch and Sompolinsky, H.},
  title   = {Storing infinite numbers of patterns in a spin-glass model of neural networks},
  journal = {Physical Review Letters},
  volume  = {55},
  pages   = {1530},
  year    = {1985},
}

@article{AGS87,
  author  = {Amit, Daniel J. and Gutfreund, Hanoch and Sompolinsky, H.},
  title   = {Statistical mechanics of neural networks near saturation},
  journal = {Annals of Physics},
  volume  = {173},
  pages   = {30},
  year    = {1987},
}

@article{TM17,
  author  = {Tubiana, J\\'er\\^ome and Monasson, R\\'emi},
  title   = {Emergence of compositional representations in restricted Boltzmann machines},
  journal = {Physical Review Letters},
  volume  = {118},
  pages   = {138301},
  year    = {2017},
}"""


def bibtex() -> str:
    """Return the software and the papers of its theories, as BibTeX entries."""
    from replica import __version__

    return _BIBTEX % __version__
