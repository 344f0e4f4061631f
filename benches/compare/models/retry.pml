/* Optimistic concurrency on one object, as `update-retry` has it, as lean as it can be: N writers
 * that are alike are counted, by what they do next and by how often they were refused. A version is
 * fresh or stale; a stale write is refused, so what it would have sent is not kept, and a fresh one
 * keeps what is there. R, the number of tries, is 5.
 */
#ifndef N
#define N 6
#endif

byte reads[5], fresh[5], stale[5];
byte written, gave_up;

#define SPOIL(t) stale[t] = stale[t] + fresh[t]; fresh[t] = 0
#define WRITER(t, refused) \
  :: d_step { reads[t] > 0 -> reads[t]--; fresh[t]++ } \
  :: d_step { fresh[t] > 0 -> fresh[t]--; written++; \
              SPOIL(0); SPOIL(1); SPOIL(2); SPOIL(3); SPOIL(4) } \
  :: d_step { stale[t] > 0 -> stale[t]--; refused }

init {
  reads[0] = N;
  do
  WRITER(0, reads[1]++)
  WRITER(1, reads[2]++)
  WRITER(2, reads[3]++)
  WRITER(3, reads[4]++)
  WRITER(4, gave_up++)
  :: written + gave_up == N -> break
  od
}
