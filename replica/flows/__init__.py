r"""How a restricted Boltzmann machine learns: singular values and vectors of its weights under the flow.

The weights of N visible and M hidden units are W = sum_a w_a u_a v_a^T. They follow the gradient of the
log-likelihood, dW/dt = <s h>_data - <s h>_model [DFF17]_ [DFF18]_. Two models need no sampling:

* `GaussGauss`: both layers Gaussian, p(s, h) ~ exp(s W h - |s|^2/(2 sigma_v^2) - |h|^2/(2 sigma_h^2)). The
  flow is closed, with or without rotation of the singular vectors.
* `OneMode`: both layers binary, one mode w on top of random weights of strength sigma, in mean field: the
  model term follows from the order parameters of the theory `spectral-rbm`.

`clusters` makes the binary data on which such flows are watched. Nothing here samples a machine.

References
----------
.. [DFF17] A. Decelle, G. Fissore, C. Furtlehner, EPL 119, 60001 (2017).
.. [DFF18] A. Decelle, G. Fissore, C. Furtlehner, J. Stat. Phys. 172, 1576 (2018).
"""

from replica.flows.clusters import clusters, principal_moments, second_moments
from replica.flows.gauss_gauss import GaussGauss, Modes
from replica.flows.one_mode import OneMode, glass_threshold

__all__ = [
    "GaussGauss",
    "Modes",
    "OneMode",
    "clusters",
    "glass_threshold",
    "principal_moments",
    "second_moments",
]
