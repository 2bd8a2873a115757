// The forms of `differentiable` whose value closure saves what the pullbacks need.

/// Declares an operation of one input that saves what its pullback needs beside input and result.
///
/// What is saved was computed from constants, so it must not be used where the pullback itself is
/// differentiated: it is nil there, and the pullback computes from input and result. That is never the case
/// unless gradients of gradients are taken.
///
/// ```swift
/// differentiable(x, saving: { x in
///   let e = x.exp()
///   return ((e + 1).log(), saved: e)
/// }, pullback: { x, _ in
///   { dy, e in
///     let e = e ?? x.exp()
///     return dy * e / (e + 1)
///   }
/// })
/// ```
///
/// - Parameters:
///   - x: The input.
///   - value: Computes the result and what is saved.
///   - pullback: Gets input and result (constants for the tape that records) and returns the pullback, which
///     also gets what was saved, or nil.
///   - operation: Its name in messages.
public func differentiable<Saved: Sendable>(
  _ x: Tensor,
  saving value: (Tensor) -> (result: Tensor, saved: Saved),
  pullback: (_ x: Tensor, _ y: Tensor) -> @Sendable (_ dy: Tensor, _ saved: Saved?) -> Tensor,
  operation: StaticString = #function
) -> Tensor {
  differentiable(
    [x],
    saving: { inputs in
      let (result, saved) = value(inputs[0])
      return ([result], saved)
    },
    pullbacks: { inputs, results in
      let pullback = pullback(inputs[0], results[0])
      return { cotangents, _, saved in cotangents.map { $0.map { pullback($0, saved) } } }
    }, operation: operation)[0]
}

/// Declares an operation of lists of inputs and results that saves what its pullbacks need beside them; see the
/// form with one input.
///
/// - Parameters:
///   - inputs: The inputs; integer tensors may be among them, they get no gradients.
///   - value: Computes the results and what is saved.
///   - pullbacks: Gets inputs and results (constants for the tape that records) and returns the pullbacks,
///     which also get what was saved, or nil where they are differentiated themselves.
///   - operation: Its name in messages.
public func differentiable<Saved: Sendable>(
  _ inputs: consuming [Tensor],
  saving value: ([Tensor]) -> (results: [Tensor], saved: Saved),
  pullbacks: (_ inputs: [Tensor], _ results: [Tensor]) -> SavingPullbacks<Saved>,
  operation: StaticString = #function
) -> [Tensor] {
  var saved: Saved?
  return differentiable(
    inputs,
    { inputs in
      let (results, computed) = value(inputs)
      saved = computed
      return results
    },
    pullbacks: { inputs, results in
      let own = pullbacks(inputs, results)
      // Where an outer tape records the inputs, what was saved from their values is no function of them.
      let saved = inputs.allSatisfy { $0.isConstant } ? saved : nil
      return { cotangents, wanted in
        let isDifferentiated = cotangents.contains { $0?.isTraced ?? false }
        return own(cotangents, wanted, isDifferentiated ? nil : saved)
      }
    }, operation: operation)
}
