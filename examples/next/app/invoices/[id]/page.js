import clinic from '../../../../shared/clinic.cjs';

export default async function Page({ params }) {
  const { id, paid } = clinic.showInvoice((await params).id);
  return (
    <p>
      {id}: {paid ? 'paid' : 'not paid'}
    </p>
  );
}
