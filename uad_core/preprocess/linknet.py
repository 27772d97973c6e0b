"""LinkNet in 3-D (Chaurasia, Culurciello, VCIP 2017) on a ResNet-18, its parts named as deepbet's weights."""

from collections import OrderedDict
from itertools import pairwise

import torch
from torch import Tensor, nn

FEATURES = (16, 16, 32, 64, 128)  # behind the first convolution and each of the four encoder levels


class LinkNet(nn.Module):
    """(1, 1, D, H, W) grey values to (1, 2, D, H, W) probabilities of background and brain; edges multiples of 32."""

    def __init__(self) -> None:
        super().__init__()
        first = FEATURES[0]
        self.init = _stage(nn.Conv3d(1, first, 7, stride=2, padding=3, bias=False), nn.MaxPool3d(3, 2, 1))
        for level, (fed, made) in enumerate(pairwise(FEATURES)):
            stride = 1 if level == 0 else 2
            blocks = OrderedDict[str, nn.Module](block1=_Block(fed, made, stride), block2=_Block(made, made, 1))
            self.add_module(f"down{level}", nn.Sequential(blocks))
            self.add_module(f"up{3 - level}", _up(made, fed, stride))
        self.tp_conv1 = _stage(nn.ConvTranspose3d(first, 8, 3, stride=2, padding=1, output_padding=1))
        self.conv = _stage(nn.Conv3d(8, 8, 3, padding=1))
        self.tp_conv2 = nn.ConvTranspose3d(8, 2, 2, stride=2)

    def forward(self, scan: Tensor) -> Tensor:
        """Levels of 1/4 (16 features), 1/4 (16), 1/8 (32), 1/16 (64) and 1/32 (128) of the scan's edges, and back."""
        levels = [self.init(scan)]
        for level in range(4):
            levels.append(self.get_submodule(f"down{level}")(levels[-1]))
        features = levels.pop()
        for level in range(4):
            features = self.get_submodule(f"up{level}")(features) + levels.pop()
        return torch.softmax(self.tp_conv2(self.conv(self.tp_conv1(features))), dim=1)


class _Block(nn.Module):
    """Two convolutions and the way around them; the first may halve the edges."""

    def __init__(self, fed: int, made: int, stride: int) -> None:
        super().__init__()
        self.double_conv = nn.Sequential(
            *_stage(nn.Conv3d(fed, made, 3, stride, padding=1, bias=False)),
            nn.Conv3d(made, made, 3, padding=1, bias=False),
            nn.InstanceNorm3d(made),
        )
        if fed != made:
            self.downsample = nn.Sequential(nn.Conv3d(fed, made, 1, stride, bias=False), nn.InstanceNorm3d(made))

    def forward(self, features: Tensor) -> Tensor:
        kept = self.downsample(features) if hasattr(self, "downsample") else features
        return torch.relu(self.double_conv(features) + kept)


def _up(fed: int, made: int, stride: int) -> nn.Sequential:
    """A quarter of the features, edges times `stride`, then `made` features."""
    inner = fed // 4
    grow = nn.ConvTranspose3d(inner, inner, 3, stride, padding=1, output_padding=stride - 1, bias=False)
    first, last = (nn.Conv3d(*sizes, 1, bias=False) for sizes in ((fed, inner), (inner, made)))
    return nn.Sequential(OrderedDict(conv1=_stage(first), tp_conv=_stage(grow), conv2=_stage(last)))


def _stage(convolution: nn.Conv3d | nn.ConvTranspose3d, *behind: nn.Module) -> nn.Sequential:
    return nn.Sequential(convolution, nn.InstanceNorm3d(convolution.out_channels), nn.ReLU(inplace=True), *behind)
