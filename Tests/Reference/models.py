"""d2l's models in PyTorch; prints what Tests/ModelTests expects of their parameters and summaries.

    python Tests/Reference/models.py >Tests/ModelTests/Fixtures/models.txt
"""

import torch
from lenet import LeNet
from torch import nn


def linear_models():
    yield "SoftmaxRegression", nn.Sequential(nn.Flatten(), nn.LazyLinear(10)), (28, 1)
    yield "MLP", nn.Sequential(
        nn.Flatten(), nn.LazyLinear(256), nn.ReLU(), nn.LazyLinear(10)), (28, 1)
    yield "DropoutMLP", nn.Sequential(
        nn.Flatten(), nn.LazyLinear(256), nn.ReLU(), nn.Dropout(0.5), nn.LazyLinear(256), nn.ReLU(),
        nn.Dropout(0.5), nn.LazyLinear(10)), (28, 1)


def early_models():
    yield "LeNet", LeNet().net, (28, 1)
    yield "BatchNormLeNet", nn.Sequential(
        nn.LazyConv2d(6, 5), nn.LazyBatchNorm2d(), nn.Sigmoid(), nn.AvgPool2d(2, 2),
        nn.LazyConv2d(16, 5), nn.LazyBatchNorm2d(), nn.Sigmoid(), nn.AvgPool2d(2, 2), nn.Flatten(),
        nn.LazyLinear(120), nn.LazyBatchNorm1d(), nn.Sigmoid(), nn.LazyLinear(84),
        nn.LazyBatchNorm1d(), nn.Sigmoid(), nn.LazyLinear(10)), (28, 1)
    yield "AlexNet", nn.Sequential(
        nn.LazyConv2d(96, 11, 4, 1), nn.ReLU(), nn.MaxPool2d(3, 2), nn.LazyConv2d(256, 5, padding=2),
        nn.ReLU(), nn.MaxPool2d(3, 2), nn.LazyConv2d(384, 3, padding=1), nn.ReLU(),
        nn.LazyConv2d(384, 3, padding=1), nn.ReLU(), nn.LazyConv2d(256, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(3, 2), nn.Flatten(), nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5),
        nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5), nn.LazyLinear(10)), (224, 1)


def vgg(architecture):
    layers = []
    for count, channels in architecture:
        block = []
        for _ in range(count):
            block += [nn.LazyConv2d(channels, 3, padding=1), nn.ReLU()]
        layers.append(nn.Sequential(*block, nn.MaxPool2d(2, 2)))
    return nn.Sequential(
        *layers, nn.Flatten(), nn.LazyLinear(4096), nn.ReLU(), nn.Dropout(0.5), nn.LazyLinear(4096),
        nn.ReLU(), nn.Dropout(0.5), nn.LazyLinear(10))


def nin():
    def block(channels, kernel, stride, padding):
        return nn.Sequential(
            nn.LazyConv2d(channels, kernel, stride, padding), nn.ReLU(), nn.LazyConv2d(channels, 1),
            nn.ReLU(), nn.LazyConv2d(channels, 1), nn.ReLU())

    return nn.Sequential(
        block(96, 11, 4, 0), nn.MaxPool2d(3, 2), block(256, 5, 1, 2), nn.MaxPool2d(3, 2),
        block(384, 3, 1, 1), nn.MaxPool2d(3, 2), nn.Dropout(0.5), block(10, 3, 1, 1),
        nn.AdaptiveAvgPool2d(1), nn.Flatten())


class Parallel(nn.ModuleList):
    def forward(self, x):
        return torch.cat([branch(x) for branch in self], 1)


def googlenet():
    def inception(c1, c2, c3, c4):
        def convolution(*arguments, **options):
            return [nn.LazyConv2d(*arguments, **options), nn.ReLU()]

        return Parallel([
            nn.Sequential(*convolution(c1, 1)),
            nn.Sequential(*convolution(c2[0], 1), *convolution(c2[1], 3, padding=1)),
            nn.Sequential(*convolution(c3[0], 1), *convolution(c3[1], 5, padding=2)),
            nn.Sequential(nn.MaxPool2d(3, 1, 1), *convolution(c4, 1))])

    def pool():
        return nn.MaxPool2d(3, 2, 1)

    return nn.Sequential(
        nn.Sequential(nn.LazyConv2d(64, 7, 2, 3), nn.ReLU(), pool()),
        nn.Sequential(nn.LazyConv2d(64, 1), nn.ReLU(), nn.LazyConv2d(192, 3, padding=1), nn.ReLU(),
                      pool()),
        nn.Sequential(inception(64, (96, 128), (16, 32), 32), inception(128, (128, 192), (32, 96), 64),
                      pool()),
        nn.Sequential(
            inception(192, (96, 208), (16, 48), 64), inception(160, (112, 224), (24, 64), 64),
            inception(128, (128, 256), (24, 64), 64), inception(112, (144, 288), (32, 64), 64),
            inception(256, (160, 320), (32, 128), 128), pool()),
        nn.Sequential(inception(256, (160, 320), (32, 128), 128),
                      inception(384, (192, 384), (48, 128), 128), nn.AdaptiveAvgPool2d(1),
                      nn.Flatten()),
        nn.LazyLinear(10))


class Residual(nn.Module):
    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + (self.shortcut(x) if self.shortcut else x)


def resnet(architecture):
    def block(channels, halves):
        return nn.Sequential(
            Residual(
                nn.Sequential(
                    nn.LazyConv2d(channels, 3, 2 if halves else 1, 1), nn.LazyBatchNorm2d(),
                    nn.ReLU(), nn.LazyConv2d(channels, 3, padding=1), nn.LazyBatchNorm2d()),
                nn.LazyConv2d(channels, 1, 2) if halves else None),
            nn.ReLU())

    stages = [
        nn.Sequential(*[block(channels, stage > 0 and place == 0) for place in range(count)])
        for stage, (count, channels) in enumerate(architecture)]
    return nn.Sequential(
        nn.LazyConv2d(architecture[0][1], 7, 2, 3), nn.LazyBatchNorm2d(), nn.ReLU(),
        nn.MaxPool2d(3, 2, 1), *stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(10))


def regnet():
    def block(channels, halves):
        stride = 2 if halves else 1
        return nn.Sequential(
            Residual(
                nn.Sequential(
                    nn.LazyConv2d(channels, 1), nn.LazyBatchNorm2d(), nn.ReLU(),
                    nn.LazyConv2d(channels, 3, stride, 1, groups=channels // 16),
                    nn.LazyBatchNorm2d(), nn.ReLU(), nn.LazyConv2d(channels, 1),
                    nn.LazyBatchNorm2d()),
                nn.Sequential(nn.LazyConv2d(channels, 1, stride), nn.LazyBatchNorm2d())
                if halves else None),
            nn.ReLU())

    return nn.Sequential(
        nn.Sequential(nn.LazyConv2d(32, 3, 2, 1), nn.LazyBatchNorm2d(), nn.ReLU()),
        nn.Sequential(*[block(32, place == 0) for place in range(4)]),
        nn.Sequential(*[block(80, place == 0) for place in range(6)]),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LazyLinear(10))


def densenet():
    layers = [nn.LazyConv2d(64, 7, 2, 3), nn.LazyBatchNorm2d(), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for index in range(4):
        for _ in range(4):
            layers.append(Parallel([nn.Identity(), nn.Sequential(
                nn.LazyBatchNorm2d(), nn.ReLU(), nn.LazyConv2d(32, 3, padding=1))]))
        channels += 4 * 32
        if index < 3:
            channels //= 2
            layers += [nn.LazyBatchNorm2d(), nn.ReLU(), nn.LazyConv2d(channels, 1), nn.AvgPool2d(2, 2)]
    return nn.Sequential(
        *layers, nn.LazyBatchNorm2d(), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.LazyLinear(10))


def modern_models():
    yield "VGG11", vgg([(1, 64), (1, 128), (2, 256), (2, 512), (2, 512)]), (224, 1)
    yield "NiN", nin(), (224, 1)
    yield "GoogLeNet", googlenet(), (96, 1)
    yield "ResNet18", resnet([(2, 64), (2, 128), (2, 256), (2, 512)]), (96, 1)
    yield "RegNetX32", regnet(), (96, 1)
    yield "DenseNet", densenet(), (96, 1)
    yield "ViT", ViT(), (96, 1)


class LSTMLanguageModel(nn.Module):
    def __init__(self, tokens=28, hidden=32):
        super().__init__()
        self.tokens = tokens
        self.lstm = nn.LSTM(tokens, hidden, batch_first=True)
        self.linear = nn.LazyLinear(tokens)

    def forward(self, x):
        embedded = nn.functional.one_hot(x, self.tokens).to(self.lstm.weight_ih_l0.dtype)
        return self.linear(self.lstm(embedded)[0]).transpose(1, 2)


def positions(steps, width):
    angles = torch.arange(steps)[:, None] / 10000 ** (torch.arange(0, width, 2) / width).double()
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


class Translator(nn.Module):
    def __init__(self, tokens=20, width=32, dropout=0.1):
        super().__init__()
        self.sources = nn.Embedding(tokens, width)
        self.targets = nn.Embedding(tokens, width)
        self.transformer = nn.Transformer(width, 4, 2, 2, 64, dropout, batch_first=True)
        self.linear = nn.LazyLinear(tokens)
        self.dropout = nn.Dropout(dropout)

    def forward(self, source, target):
        def embedded(embedding, x):
            y = embedding(x) * embedding.embedding_dim ** 0.5
            return self.dropout(y + positions(x.shape[1], embedding.embedding_dim).to(y.dtype))

        steps = target.shape[1]
        mask = torch.triu(torch.ones(steps, steps, dtype=torch.bool), 1)
        y = self.transformer(
            embedded(self.sources, source), embedded(self.targets, target),
            tgt_mask=mask, src_key_padding_mask=source == 0, memory_key_padding_mask=source == 0)
        return self.linear(y).transpose(1, 2)


class ViT(nn.Module):
    def __init__(self, size=96, patch=16, width=512, heads=8, features=2048, dropout=0.1):
        super().__init__()
        self.classToken = nn.Parameter(torch.zeros(1, 1, width))
        self.positions = nn.Parameter(torch.randn(1, (size // patch) ** 2 + 1, width))
        self.patches = nn.LazyConv2d(width, patch, patch)
        self.dropout = nn.Dropout(dropout)
        layer = nn.TransformerEncoderLayer(
            width, heads, features, dropout, nn.functional.gelu, batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.LazyLinear(10))

    def forward(self, x):
        patches = self.patches(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.classToken.expand(len(x), -1, -1), patches], 1)
        return self.head(self.blocks(self.dropout(tokens + self.positions))[:, 0])


def sequence_models():
    yield "LSTMLanguageModel", LSTMLanguageModel(), 1
    yield "Translator", Translator(), 2


def print_figures():
    for models in (linear_models, early_models, modern_models):
        for name, model, (size, channels) in models():
            x = torch.zeros(1, channels, size, size)
            model.eval()
            lines = []
            with torch.no_grad():
                for layer in model if isinstance(model, nn.Sequential) else [model]:
                    x = layer(x)
                    title = type(layer).__name__.replace("AdaptiveAvgPool2d", "GlobalAvgPool")
                    lines.append(f"{title} {list(x.shape)}")
            print(f"{name}: {count(model)} parameters, [{', '.join(lines)}]")
    for name, model, inputs in sequence_models():
        shape = list(model.eval()(*[torch.ones(3, 7, dtype=torch.int64)] * inputs).shape)
        print(f"{name}: {count(model)} parameters, [{shape}]")


def count(model):
    return sum(parameter.numel() for parameter in model.parameters())


if __name__ == "__main__":
    print_figures()
