"""Matrix products."""

import torch
import torch.nn.functional as F


def add(cases):
    for a, b in [((3, 4), (4, 5)), ((1, 1), (1, 1)), ((4,), (4,)), ((4,), (4, 3)), ((3, 4), (4,)),
                 ((2, 3, 4), (4, 2)), ((2, 3, 4), (2, 4, 3)), ((2, 1, 3, 2), (3, 2, 2)), ((3,), (2, 3, 2)),
                 ((2, 2, 3), (3,)), ((0, 3), (3, 2)), ((2, 0), (0, 3)), ((2, 3, 0), (0, 2)),
                 ((17, 33), (33, 15)), ((1, 16), (16, 17)), ((0, 2, 3), (3, 2)), ((5, 1, 2, 3), (4, 3, 2))]:
        cases.add("matmul", lambda input, other: torch.matmul(input, other),
                  {"input": cases.normal(*a), "other": cases.normal(*b)})
    for a, b in [((17, 33), (33, 15)), ((2, 3, 4), (2, 4, 3))]:
        cases.add("matmul", lambda input, other: torch.matmul(input, other),
                  {"input": cases.normal(*a), "other": cases.normal(*b)}, dtype=torch.float32)
    for x, weight, bias in [((3, 4), (2, 4), (2,)), ((4,), (2, 4), (2,)), ((2, 3, 4), (5, 4), None),
                            ((0, 4), (2, 4), (2,)), ((3, 0), (2, 0), (2,)), ((1, 1), (1, 1), (1,)),
                            ((3, 4), (4,), None), ((7, 17), (16, 17), (16,))]:
        inputs = {"input": cases.normal(*x), "weight": cases.normal(*weight)}
        if bias is not None:
            inputs["bias"] = cases.normal(*bias)
        cases.add("linear", F.linear, inputs)
        cases.add("linear", F.linear, inputs, dtype=torch.float32)

    def einsum(equation, **operands):
        return torch.einsum(equation, list(operands.values()))

    for equation, shapes in [
        ("ij,jk->ik", [(3, 4), (4, 5)]), ("ij,jk", [(3, 4), (4, 5)]), ("ba", [(2, 3)]), ("ii", [(3, 3)]),
        ("ii->i", [(3, 3)]), ("i,j->ij", [(3,), (17,)]), ("i,i->", [(5,), (5,)]), ("i,i->i", [(5,), (5,)]),
        ("bij,bjk->bik", [(2, 3, 4), (2, 4, 2)]), ("bhqd,bhkd->bhqk", [(2, 2, 3, 4), (2, 2, 5, 4)]),
        ("ij->", [(2, 3)]), ("ij->ji", [(2, 3)]), ("ijk->ik", [(2, 3, 4)]), ("ij,kj,lj->ikl", [(2, 3), (4, 3), (2, 3)]),
        ("ij,j,jk->i", [(2, 3), (3,), (3, 2)]), (" i j , j k -> i k ", [(2, 3), (3, 2)]), ("iji->j", [(3, 2, 3)]),
        ("bii->b", [(2, 3, 3)]), ("ij,ik->jk", [(17, 3), (17, 2)]), ("ab,cd->abcd", [(2, 1), (1, 3)]),
        (",i->i", [(), (3,)]), ("ij,ij->", [(2, 3), (2, 3)]), ("ij,jk->ik", [(0, 3), (3, 2)]),
        ("ij,jk->ik", [(2, 0), (0, 3)]), ("...ij,...jk->...ik", [(2, 1, 3, 4), (5, 4, 2)]),
        ("i...->...", [(3, 2, 2)]), ("...i,...i", [(2, 3), (2, 3)]), ("ij,jk->ik", [(2, 1), (3, 4)]),
        ("Ab,bA->bA", [(2, 3), (3, 2)]), ("bA", [(2, 3)]), ("ijk,jil->kl", [(2, 3, 4), (3, 2, 5)]),
        ("abc,cd,de,ae->b", [(2, 3, 2), (2, 3), (3, 4), (2, 4)]), ("ii,ij->j", [(3, 3), (3, 2)]),
        ("i->", [(1,)]), ("->", [()]), ("ik,k->i", [(33, 16), (16,)]), ("a,b,c->abc", [(2,), (3,), (4,)]),
    ]:
        cases.add("einsum", einsum, {f"operand{number}": cases.normal(*shape)
                                     for number, shape in enumerate(shapes)},
                  attributes={"equation": equation})
    cases.add("einsum", einsum, {"a": cases.normal(2, 17, 8), "b": cases.normal(2, 8, 5)},
              attributes={"equation": "bij,bjk->bik"}, dtype=torch.float32)
