/* Optimistic concurrency on one object, as `update-retry` has it: N writers, each with a field of
 * its own and R tries. A try reads object and version in one step and writes in another; the
 * write is refused if the version has moved. Whoever has spent its tries gives up. At the end the
 * fields of all who were answered with success are set: nothing is lost. What a writer does not
 * need any more is set to 0, so that equal states are equal. With SEPARATE each field is a variable
 * of its own, as an object has them; without, one bit, which is the leanest that SPIN can have it.
 */
#ifndef N
#define N 6
#endif
#ifndef R
#define R 5
#endif

byte version;  /* of the object */
#ifdef SEPARATE
bool fields[N];
#define FOR_EACH(what) i = 0; do :: i < N -> what; i++ :: else -> i = 0; break od
#define LOCALS         bool read[N]; byte i
#define READ           FOR_EACH(read[i] = fields[i])
#define WRITE          read[me] = true; FOR_EACH(fields[i] = read[i])
#define FORGET         FOR_EACH(read[i] = false)
#define KEPT           FOR_EACH(assert(fields[i] || gave_up & (1 << i)))
#else
byte fields;   /* bit i: the field of writer i is set */
#define LOCALS         byte read
#define READ           read = fields
#define WRITE          fields = read | (1 << me)
#define FORGET         read = 0
#define KEPT           assert((fields | gave_up) == (1 << N) - 1)
#endif
byte ended;
byte gave_up;  /* bit i: writer i was never answered with success */

proctype writer(byte me) {
  byte based, tries;
  LOCALS;
  do
  :: d_step { based = version; READ }
     atomic {
       if
       :: based == version ->
            WRITE;
            version++;
            ended++;
            based = 0; tries = 0; FORGET;
            break
       :: else ->
            tries++;
            based = 0; FORGET;
            if
            :: tries >= R -> gave_up = gave_up | (1 << me); ended++; tries = 0; break
            :: else
            fi
       fi
     }
  od
}

init {
  byte i;
  atomic {
    do
    :: i < N -> run writer(i); i++
    :: else -> i = 0; break
    od
  }
  ended == N;
  KEPT
}
