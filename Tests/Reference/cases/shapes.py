"""Operations that move elements, pick them, or put tensors together."""

import torch
import torch.nn.functional as F


def add(cases):
    views(cases)
    orders(cases)
    parts(cases)
    picks(cases)
    pads(cases)


def views(cases):
    def reshape(input, shape, transpose_first=None):
        x = input.transpose(*transpose_first) if transpose_first else input
        return x.reshape(shape)

    for shape, to, first in [
        ((2, 3), [3, 2], None), ((2, 3, 4), [-1, 4], None), ((2, 3, 4), [4, -1], [0, 2]),
        ((), [1, 1], None), ((1,), [], None), ((0, 3), [3, 0], None), ((3, 5), [15], [0, 1]),
        ((2, 3, 4), [2, 12], [-1, 1]), ((2, 0), [0, 5], [0, 1]), ((17, 2), [2, 17], [0, 1]),
    ]:
        attributes = {"shape": to}
        if first:
            attributes["transpose_first"] = first
        cases.add("reshape", reshape, {"input": cases.normal(*shape)}, attributes=attributes)
    for shape, options in [
        ((2, 3, 4), {}), ((2, 3, 4), {"start_dim": 1}), ((2, 3, 4, 2), {"start_dim": 1, "end_dim": 2}),
        ((), {}), ((2, 3, 4), {"start_dim": -2, "end_dim": -1}), ((2, 0, 3), {"end_dim": 1}),
        ((5,), {"start_dim": 0, "end_dim": 0}),
    ]:
        cases.add("flatten", torch.flatten, {"input": cases.normal(*shape)}, attributes=options)
    for shape, a, b in [((2, 3), 0, 1), ((2, 3, 4), -1, 0), ((2, 3, 4), 1, 1), ((), 0, -1),
                        ((0, 3), 0, 1), ((1, 17), 1, 0), ((1,), 0, 0)]:
        cases.add("transpose", torch.transpose, {"input": cases.normal(*shape)},
                  attributes={"dim0": a, "dim1": b})
    for shape, dims in [((2, 3, 4), [2, 0, 1]), ((2, 3, 4), [-1, 1, 0]), ((3,), [0]), ((), []),
                        ((0, 3), [1, 0]), ((2, 1, 3, 2), [3, 1, 0, 2])]:
        cases.add("permute", torch.permute, {"input": cases.normal(*shape)},
                  attributes={"dims": dims})

    def expand(input, size):
        return input.expand(size)

    for shape, size in [((), [2, 3]), ((3,), [2, 3]), ((2, 1, 3), [2, 4, -1]), ((1,), [0]),
                        ((1, 3), [2, -1]), ((2, 1), [3, 2, 17]), ((4,), [4]), ((0, 1), [0, 5])]:
        cases.add("expand", expand, {"input": cases.normal(*shape)}, attributes={"size": size})
    for shape, options in [((1, 3, 1), {}), ((1, 3, 1), {"dim": 0}), ((1, 3, 1), {"dim": -1}),
                           ((2, 3), {"dim": 1}), ((1,), {}), ((), {}), ((1, 0), {}),
                           ((1, 2, 1), {"dim": [0, 2]}), ((1, 2, 1), {"dim": [0, 1]}),
                           ((), {"dim": 0})]:
        cases.add("squeeze", torch.squeeze, {"input": cases.normal(*shape)}, attributes=options)
    for shape, dim in [((2, 3), 0), ((2, 3), 1), ((2, 3), -1), ((), 0), ((0,), -2), ((3,), 1)]:
        cases.add("unsqueeze", torch.unsqueeze, {"input": cases.normal(*shape)},
                  attributes={"dim": dim})


def orders(cases):
    for shape, dims in [((5,), [0]), ((2, 3, 4), [0, 2]), ((2, 3, 4), [-1]), ((2, 3), []),
                        ((0, 3), [0, 1]), ((1, 17), [1]), ((3, 33), [0, 1]), ((), [0])]:
        cases.add("flip", torch.flip, {"input": cases.normal(*shape)}, attributes={"dims": dims})
    for shape, shifts, dims in [((5,), 2, 0), ((5,), -7, 0), ((2, 3), 1, None), ((2, 3), 4, None),
                                ((2, 3, 4), [1, -2], [0, 2]), ((2, 3), [1, 1], [1, 1]),
                                ((0, 3), 1, 0), ((), 1, None), ((3, 17), [5], [-1])]:
        attributes = {"shifts": shifts}
        if dims is not None:
            attributes["dims"] = dims
        cases.add("roll", torch.roll, {"input": cases.normal(*shape)}, attributes=attributes)
    for shape, diagonal in [((3, 3), None), ((3, 3), 1), ((3, 3), -1), ((2, 5), 1), ((5, 2), -3),
                            ((2, 3, 4), 0), ((3, 3), 9), ((3, 3), -9), ((0, 3), 0), ((1, 1), 0)]:
        cases.add("tril", torch.tril, {"input": cases.normal(*shape)},
                  attributes={} if diagonal is None else {"diagonal": diagonal})


def parts(cases):
    def slice_of(input, dim=0, start=None, end=None, step=1):
        slices = [slice(None)] * input.dim()
        slices[dim] = slice(start, end, step)
        return input[tuple(slices)]

    for shape, options in [
        ((7,), {"dim": 0, "start": 1, "end": 6, "step": 2}), ((3, 5), {"dim": -1, "start": -3}),
        ((5, 3), {"dim": 0, "end": -1, "step": 3}), ((4,), {"start": 2, "end": 2}), ((4,), {}),
        ((4,), {"start": 3, "end": 1}), ((4, 2), {"dim": 1, "start": -9, "end": 99}),
        ((33,), {"start": 1, "step": 2}), ((2, 0), {"dim": 1, "start": 0, "end": 3}),
        ((1,), {"step": 9}), ((5,), {"start": 1, "end": 9223372036854775807}),
        ((5,), {"start": 7}), ((2, 17, 3), {"dim": 1, "start": 2, "end": -2, "step": 4}),
    ]:
        cases.add("slice", slice_of, {"input": cases.normal(*shape)}, attributes=options)
    for shape, dim, index in [((3, 4), 0, 1), ((3, 4), -1, -1), ((1,), 0, 0), ((2, 3, 4), 1, -3),
                              ((2, 0, 3), 2, 1), ((17, 2), 0, 16)]:
        cases.add("select", torch.select, {"input": cases.normal(*shape)},
                  attributes={"dim": dim, "index": index})

    def cat(dim=0, **tensors):
        return torch.cat(list(tensors.values()), dim)

    def stack(dim=0, **tensors):
        return torch.stack(list(tensors.values()), dim)

    for shapes, options in [
        ([(2, 3), (1, 3)], {}), ([(2, 1), (2, 3), (2, 2)], {"dim": -1}), ([(0, 3), (2, 3)], {"dim": 0}),
        ([(3,)], {"dim": 0}), ([(2, 0), (2, 0)], {"dim": 1}), ([(1, 17), (1, 16), (1, 15)], {"dim": 1}),
        ([(1,)] * 12, {}),
    ]:
        cases.add("cat", cat, {f"tensor{number}": cases.normal(*shape)
                               for number, shape in enumerate(shapes)}, attributes=options)
    for shapes, options in [
        ([(2, 3)] * 2, {}), ([(2, 3)] * 3, {"dim": -1}), ([()] * 2, {}), ([(0, 2)] * 2, {"dim": 1}),
        ([(3,)], {"dim": 1}), ([(17,)] * 2, {"dim": -2}), ([(2,)] * 11, {"dim": 1}),
    ]:
        cases.add("stack", stack, {f"tensor{number}": cases.normal(*shape)
                                   for number, shape in enumerate(shapes)}, attributes=options)


def picks(cases):
    def index_select(input, dim, index):
        return torch.index_select(input, dim, index)

    for shape, dim, count in [((5,), 0, 3), ((3, 4), 1, 6), ((3, 4), 0, 1), ((2, 3, 4), -2, 5),
                              ((3, 4), 0, 0), ((1,), 0, 4), ((4, 0), 0, 3), ((17, 2), 0, 33)]:
        cases.add("index_select", index_select, {"input": cases.normal(*shape)},
                  integers={"index": cases.integers(count, below=shape[dim])},
                  attributes={"dim": dim})
    cases.add("index_select", index_select, {"input": cases.normal(3, 4)},
              integers={"index": torch.tensor(2)}, attributes={"dim": 1})
    cases.add("index_select", index_select, {"input": cases.normal()},
              integers={"index": torch.tensor([0])}, attributes={"dim": 0})

    def gather(input, dim, index):
        return torch.gather(input, dim, index)

    for shape, dim, index in [((2, 3), 1, (2, 4)), ((4, 3), 0, (2, 3)), ((2, 3, 2), 1, (2, 5, 2)),
                              ((1,), 0, (3,)), ((2, 3), 1, (2, 0)), ((4, 3), 1, (2, 3)),
                              ((3, 4, 2), 0, (5, 2, 1)), ((17, 3), -2, (33, 3)), ((), 0, ())]:
        cases.add("gather", gather, {"input": cases.normal(*shape)},
                  integers={"index": cases.integers(*index, below=shape[dim] if shape else 1)},
                  attributes={"dim": dim})

    def embedding(weight, input, padding_idx=None):
        return F.embedding(input, weight, padding_idx)

    for shape, index, options in [
        ((5, 3), (4,), {}), ((5, 3), (2, 3), {}), ((5, 3), (), {}), ((1, 1), (3,), {}),
        ((5, 3), (0,), {}), ((5, 3), (7, 2), {"padding_idx": 1}), ((5, 3), (7,), {"padding_idx": -1}),
        ((7, 17), (33,), {}), ((4, 2), (3, 2), {"padding_idx": None}),
    ]:
        cases.add("embedding", embedding, {"weight": cases.normal(*shape)},
                  integers={"input": cases.integers(*index, below=shape[0])}, attributes=options)
    cases.add("embedding", embedding, {"weight": cases.normal(5, 16)},
              integers={"input": cases.integers(9, below=5)}, dtype=torch.float32)


def pads(cases):
    for shape, pad, options in [
        ((5,), [1, 2], {}), ((2, 3), [1, 0, 0, 2], {"value": 1.5}), ((2, 3), [-1, 2], {}),
        ((4, 5), [-1, -2, 1, -3], {"value": -1}), ((2, 3), [0, 0], {}), ((0, 3), [1, 1, 2, 0], {}),
        ((3,), [-1, -2], {}), ((2, 1, 2, 3), [1, 2, 3, 4, 1, 0], {"mode": "constant"}),
        ((2, 3), [], {}), ((1, 17), [16, 15], {}),
        ((2, 5), [2, 1], {"mode": "reflect"}), ((1, 2, 4, 5), [4, 2, 1, 3], {"mode": "reflect"}),
        ((2, 2, 3, 3, 3), [1, 2, 2, 1, 0, 1], {"mode": "reflect"}),
        ((2, 5), [-1, 2], {"mode": "reflect"}), ((1, 1, 2), [1, 1], {"mode": "reflect"}),
        ((2, 5), [7, 1], {"mode": "replicate"}), ((1, 2, 4, 5), [1, 2, 0, 3], {"mode": "replicate"}),
        ((1, 2, 2, 3, 2), [1, 0, 2, 1, 0, 3], {"mode": "replicate"}),
        ((2, 5), [-2, 2], {"mode": "replicate"}), ((1, 1, 1), [3, 3], {"mode": "replicate"}),
        ((2, 5), [5, 3], {"mode": "circular"}), ((1, 2, 4, 5), [1, 2, 4, 0], {"mode": "circular"}),
        ((1, 1, 2, 3, 4), [1, 2, 1, 0, 2, 1], {"mode": "circular"}),
        ((1, 2, 5), [-1, 2], {"mode": "circular"}), ((1, 1, 3), [3, 0], {"mode": "circular"}),
    ]:
        cases.add("pad", F.pad, {"input": cases.normal(*shape)}, attributes={"pad": pad, **options})
