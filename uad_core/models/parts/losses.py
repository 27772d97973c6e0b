"""The terms of Baur et al. 2018, Eqs. 2 and 3. Both equations are divided by the number of pixels of a slice.

    L_VAE = lambda_1 |x - x_hat|_1 + lambda_2 KL(z || N(0, I)) - lambda_3 log Dis(x_hat)
    L_Dis = -log Dis(x) - log(1 - Dis(x_hat))

So the l1 distance becomes a mean over pixels and the KL divergence a sum over the latent per pixel of the slice. The
adversarial terms are per slice, as they stand: lambda_3 is stated for them. Dis = sigmoid(logit).
"""

from torch import Tensor
from torch.nn import functional


def kl_to_standard_normal(mean: Tensor, log_variance: Tensor, pixels: int) -> Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, I)), (B, ...) -> its sum over the latent / `pixels`, mean over B."""
    divergence = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance)
    return divergence.sum() / (len(mean) * pixels)


def generator_loss(logits: Tensor) -> Tensor:
    """-log Dis(x_hat), mean over the batch: low when the discriminator takes x_hat for real."""
    return functional.softplus(-logits).mean()


def hinge_loss(real: Tensor, drawn: Tensor) -> Tensor:
    """max(0, 1 - D(x)) + max(0, 1 + D(x_hat)), mean over the batch (Lim and Ye 2017): D is the logit itself."""
    return functional.relu(1 - real).mean() + functional.relu(1 + drawn).mean()


def discriminator_loss(real: Tensor, reconstructed: Tensor) -> Tensor:
    """-log Dis(x) - log(1 - Dis(x_hat)), mean over the batch."""
    return functional.softplus(-real).mean() + functional.softplus(reconstructed).mean()
