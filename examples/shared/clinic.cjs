// The business of the veterinary clinic, which all examples share: it fails in the ways real ones do, and knows nothing of
// Rowtrace.

const dogs = new Map([
  ['1', { id: 1, name: 'Rex', clinicId: 3, vetId: 12, owner: { name: 'Ada' } }],
  ['2', { id: 2, name: 'Luna', clinicId: 3, vetId: 14, owner: { name: 'Grace' } }],
  // Came in without papers; ownerOf has not been told.
  ['3', { id: 3, name: 'Stray', clinicId: 5, vetId: 12 }],
]);

class BookingError extends Error {
  name = 'BookingError';
}
class PaymentError extends Error {
  name = 'PaymentError';
}

/** A bug: not every dog has an owner. */
function ownerOf(id) {
  return { owner: dogs.get(id).owner.name };
}

/** A chain of causes: what the user sees, what failed, and why. */
async function book({ dogId, slot } = {}) {
  try {
    const reason = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { code: 'ECONNREFUSED' });
    throw new Error('the calendar cannot be written', { cause: reason });
  } catch (error) {
    throw new BookingError(`dog ${dogId} could not be booked for ${slot}`, { cause: error });
  }
}

/** Handled and logged: the answer is fine for the user, the row is for us. */
function showInvoice(id) {
  try {
    throw new PaymentError(`card declined for invoice ${id}`);
  } catch (error) {
    console.error('invoice is shown without its payment', error);
    return { id, paid: false };
  }
}

/** Slow: two seconds make a warning (ROWTRACE_SLOW_SERVER_MILLIS). */
async function weeklyReport() {
  await new Promise((resolve) => setTimeout(resolve, 2100));
  return { visits: 112 };
}

const port = Number(process.env.PORT ?? 3000);

/** Says where a node:http server listens, and closes it when it is told to: then the process ends by itself. */
function running(server) {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
  const stop = () => {
    server.close();
    server.closeIdleConnections();
  };
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect']) process.once(event, stop);
}

module.exports = { dogs, BookingError, PaymentError, ownerOf, book, showInvoice, weeklyReport, port, running };
