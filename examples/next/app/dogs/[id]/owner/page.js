import clinic from '../../../../../shared/clinic.cjs';

export default async function Page({ params }) {
  const { owner } = clinic.ownerOf((await params).id);
  return <p>{owner}</p>;
}
