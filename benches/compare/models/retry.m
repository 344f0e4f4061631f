-- Optimistic concurrency on one object, as `update-retry` has it: N writers, each with a field of
-- its own and R tries. Who is alike is a scalarset. A version is only ever compared with that of the
-- object, so it is fresh or stale; a stale write is refused, so what it would have sent is not kept.
const
  N: 6;
  R: 5;

type
  Writer: scalarset(N);
  Phase: enum { reads, writes, done };

var
  phase: array [Writer] of Phase;
  fresh: array [Writer] of boolean;
  tries: array [Writer] of 0..R;
  field: array [Writer] of boolean;
  gave_up: array [Writer] of boolean;

startstate
begin
  for w: Writer do
    phase[w] := reads; fresh[w] := false; tries[w] := 0; field[w] := false; gave_up[w] := false;
  end;
end;

ruleset w: Writer do
  rule "read" phase[w] = reads ==>
  begin
    phase[w] := writes; fresh[w] := true;
  end;

  rule "write" phase[w] = writes & fresh[w] ==>
  begin
    field[w] := true;
    for other: Writer do fresh[other] := false; end;
    phase[w] := done; tries[w] := 0;
  end;

  rule "refused" phase[w] = writes & !fresh[w] ==>
  begin
    if tries[w] + 1 = R then
      phase[w] := done; tries[w] := 0; gave_up[w] := true;
    else
      phase[w] := reads; tries[w] := tries[w] + 1;
    end;
  end;
end;

invariant "no acknowledged write is lost"
  forall w: Writer do phase[w] = done -> field[w] | gave_up[w] end;
